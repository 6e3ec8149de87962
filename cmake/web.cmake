# The pages and the shipped dashboards, embedded in the room web. With ALGALON_WEB off no Node.js is
# needed, and one plain page says that the program was built without pages.
set(web_source ${CMAKE_SOURCE_DIR}/web)
set(web_dist ${CMAKE_BINARY_DIR}/web/dist)
set(web_embedded ${CMAKE_BINARY_DIR}/web/embedded.c)
set(embed_script ${CMAKE_SOURCE_DIR}/cmake/embed.cmake)
file(GLOB web_dashboards CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/dashboards/*.json
     ${CMAKE_SOURCE_DIR}/dashboards/order.txt)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/web)

if(ALGALON_WEB)
  find_program(NODE_PROGRAM NAMES node nodejs)
  find_program(NPM_PROGRAM NAMES npm)
  if(NOT NODE_PROGRAM OR NOT NPM_PROGRAM)
    message(FATAL_ERROR "the pages need Node.js 18 or newer and npm: run script/setup, "
                        "or build without them: -DALGALON_WEB=OFF")
  endif()
  file(GLOB_RECURSE web_files CONFIGURE_DEPENDS ${web_source}/src/*.ts ${web_source}/src/*.css
       ${web_source}/static/* ${CMAKE_SOURCE_DIR}/docs/runbooks.md)
  list(FILTER web_files EXCLUDE REGEX "\\.test\\.ts$")
  # npm writes this file at the end of an installation
  set(web_modules ${web_source}/node_modules/.package-lock.json)
  add_custom_command(
    OUTPUT ${web_modules}
    COMMAND ${NPM_PROGRAM} ci --no-audit --no-fund --loglevel=error
    COMMAND ${CMAKE_COMMAND} -E touch ${web_modules}
    DEPENDS ${web_source}/package-lock.json
    WORKING_DIRECTORY ${web_source}
    COMMENT "Installing what the pages are built with"
    VERBATIM)
  add_custom_command(
    OUTPUT ${web_dist}/manifest.txt
    COMMAND ${NODE_PROGRAM} build.mjs --out ${web_dist}
    DEPENDS ${web_modules} ${web_files} ${web_source}/build.mjs ${web_source}/package.json
    WORKING_DIRECTORY ${web_source}
    COMMENT "Building the pages"
    VERBATIM)
  set(embed_pages -DMANIFEST=${web_dist}/manifest.txt)
  set(embed_depends ${web_dist}/manifest.txt)
else()
  set(embed_pages -DPLAIN=${CMAKE_SOURCE_DIR}/src/web/plain.html)
  set(embed_depends ${CMAKE_SOURCE_DIR}/src/web/plain.html)
endif()

add_custom_command(
  OUTPUT ${web_embedded}
  COMMAND ${CMAKE_COMMAND} ${embed_pages} -DDASHBOARDS=${CMAKE_SOURCE_DIR}/dashboards
          -DOUT=${web_embedded} -P ${embed_script}
  DEPENDS ${embed_depends} ${embed_script} ${web_dashboards}
  COMMENT "Embedding pages and dashboards"
  VERBATIM)
target_sources(room_web PRIVATE ${web_embedded})

if(ALGALON_TESTS AND ALGALON_WEB)
  add_test(NAME web_types COMMAND ${NODE_PROGRAM} node_modules/typescript/bin/tsc --noEmit
           WORKING_DIRECTORY ${web_source})
  add_test(NAME web_modules COMMAND ${NODE_PROGRAM} test.mjs WORKING_DIRECTORY ${web_source})
  set_tests_properties(web_types web_modules PROPERTIES LABELS web TIMEOUT 180)
  # In a real browser, where there is one; ALGALON_URL in the environment names a running algalon.
  find_program(CHROMIUM_PROGRAM NAMES chromium chromium-browser google-chrome)
  if(CHROMIUM_PROGRAM)
    add_test(NAME browser_install COMMAND ${NPM_PROGRAM} ci --no-audit --no-fund --loglevel=error
             WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/tests/browser)
    add_test(NAME browser COMMAND ${NODE_PROGRAM} --test
             WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/tests/browser)
    set_tests_properties(browser_install PROPERTIES LABELS browser FIXTURES_SETUP browser)
    set_tests_properties(browser PROPERTIES LABELS browser FIXTURES_REQUIRED browser TIMEOUT 900
      ENVIRONMENT "ALGALON_BUILD=${CMAKE_BINARY_DIR};ALGALON_WEB_DIST=${web_dist};CHROMIUM=${CHROMIUM_PROGRAM}")
  endif()
endif()
