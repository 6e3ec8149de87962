# The libraries we build on, each found once and named as rooms name it behind LIBS.
# The reason for each stands in ARCHITECTURE.md; the notices in THIRD-PARTY.md.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

function(algalon_library name)
  cmake_parse_arguments(LIB "" "MODULE;HEADER;LIB;DEBIAN" "" ${ARGN})
  add_library(lib_${name} INTERFACE)
  if(LIB_MODULE)
    pkg_check_modules(PC_${name} QUIET ${LIB_MODULE})
    if(PC_${name}_FOUND)
      target_include_directories(lib_${name} SYSTEM INTERFACE ${PC_${name}_INCLUDE_DIRS})
      target_link_libraries(lib_${name} INTERFACE ${PC_${name}_LINK_LIBRARIES})
      return()
    endif()
  endif()
  find_library(LIBRARY_${name} NAMES ${LIB_LIB})
  find_path(INCLUDE_${name} NAMES ${LIB_HEADER})
  if(NOT LIBRARY_${name} OR NOT INCLUDE_${name})
    message(FATAL_ERROR "${name} is missing: run script/setup, or install ${LIB_DEBIAN}")
  endif()
  target_include_directories(lib_${name} SYSTEM INTERFACE ${INCLUDE_${name}})
  target_link_libraries(lib_${name} INTERFACE ${LIBRARY_${name}})
endfunction()

algalon_library(microhttpd MODULE libmicrohttpd HEADER microhttpd.h LIB microhttpd DEBIAN libmicrohttpd-dev)
algalon_library(gnutls MODULE gnutls HEADER gnutls/gnutls.h LIB gnutls DEBIAN libgnutls28-dev)
algalon_library(lmdb MODULE lmdb HEADER lmdb.h LIB lmdb DEBIAN liblmdb-dev)
algalon_library(pcre2 MODULE libpcre2-8 HEADER pcre2.h LIB pcre2-8 DEBIAN libpcre2-dev)
algalon_library(yaml MODULE yaml-0.1 HEADER yaml.h LIB yaml DEBIAN libyaml-dev)
algalon_library(jansson MODULE jansson HEADER jansson.h LIB jansson DEBIAN libjansson-dev)
algalon_library(libdeflate MODULE libdeflate HEADER libdeflate.h LIB deflate DEBIAN libdeflate-dev)
algalon_library(zstd MODULE libzstd HEADER zstd.h LIB zstd DEBIAN libzstd-dev)
algalon_library(crypt MODULE libcrypt HEADER crypt.h LIB crypt DEBIAN libcrypt-dev)

add_library(lib_dl INTERFACE)
target_link_libraries(lib_dl INTERFACE ${CMAKE_DL_LIBS})

# The C library's own resolver.
add_library(lib_resolv INTERFACE)
target_link_libraries(lib_resolv INTERFACE resolv)

# Headers only: libcurl and ncurses are opened at run time, xxHash is compiled in.
find_path(INCLUDE_CURL NAMES curl/curl.h
          PATH_SUFFIXES x86_64-linux-gnu aarch64-linux-gnu)
find_path(INCLUDE_XXHASH NAMES xxhash.h)
find_path(INCLUDE_NCURSES NAMES ncurses.h)
if(NOT INCLUDE_CURL OR NOT INCLUDE_XXHASH OR NOT INCLUDE_NCURSES)
  message(FATAL_ERROR "curl/curl.h, xxhash.h or ncurses.h is missing: run script/setup")
endif()
include_directories(SYSTEM ${INCLUDE_CURL} ${INCLUDE_XXHASH})

if(ALGALON_TESTS)
  algalon_library(cmocka MODULE cmocka HEADER cmocka.h LIB cmocka DEBIAN libcmocka-dev)
endif()
