# Turns files into one C file of byte arrays, the tables of src/web/assets.h.
#   cmake -DMANIFEST=dist/manifest.txt -DDASHBOARDS=dashboards -DOUT=embedded.c -P embed.cmake
# The manifest has a line per page file: path, content type, bytes before compression, between tabs;
# PATH.gz beside it is what is embedded. With no manifest, PLAIN names the one page there is.
cmake_minimum_required(VERSION 3.22)
set(arrays "")
set(pages "")
set(page_count 0)
set(dashboards "")
set(dashboard_count 0)
set(n 0)

function(embed_bytes file)
  file(READ "${file}" hex HEX)
  if(hex MATCHES "^1f8b")
    # the time in a gzip head: none, so that two builds of one source are equal
    string(SUBSTRING "${hex}" 0 8 head)
    string(SUBSTRING "${hex}" 16 -1 rest)
    set(hex "${head}00000000${rest}")
  endif()
  string(REGEX REPLACE "(................................................................)" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
  set(arrays "${arrays}static const unsigned char file_${n}[] = {\n${hex}};\n" PARENT_SCOPE)
endfunction()

function(embed_row list path type file plain)
  set(${list} "${${list}}    {\"${path}\", ${type}, file_${n}, sizeof(file_${n}), ${plain}},\n" PARENT_SCOPE)
endfunction()

if(MANIFEST)
  get_filename_component(dist "${MANIFEST}" DIRECTORY)
  file(STRINGS "${MANIFEST}" lines)
  # a content type holds "; charset": keep it from being taken for two list entries
  foreach(line IN LISTS lines)
    string(REPLACE "\\;" ";" line "${line}")
    string(REGEX MATCH "^([^\t]+)\t([^\t]+)\t([0-9]+)$" ok "${line}")
    if(NOT ok)
      message(FATAL_ERROR "${MANIFEST}: cannot read the line: ${line}")
    endif()
    set(path "${CMAKE_MATCH_1}")
    set(type "${CMAKE_MATCH_2}")
    set(plain "${CMAKE_MATCH_3}")
    math(EXPR n "${n} + 1")
    math(EXPR page_count "${page_count} + 1")
    embed_bytes("${dist}/${path}.gz")
    embed_row(pages "${path}" "\"${type}\"" "${n}" "${plain}")
  endforeach()
else()
  set(n 1)
  set(page_count 1)
  file(SIZE "${PLAIN}" plain)
  file(ARCHIVE_CREATE OUTPUT "${OUT}.plain.gz" PATHS "${PLAIN}" FORMAT raw COMPRESSION GZip)
  embed_bytes("${OUT}.plain.gz")
  embed_row(pages "index.html" "\"text/html; charset=utf-8\"" "${n}" "${plain}")
endif()

# in the order in which an operator needs them; it must name each of them
file(STRINGS "${DASHBOARDS}/order.txt" order)
set(files "")
foreach(name IN LISTS order)
  list(APPEND files "${DASHBOARDS}/${name}.json")
endforeach()
file(GLOB there "${DASHBOARDS}/*.json")
list(REMOVE_ITEM there ${files})
if(there)
  message(FATAL_ERROR "${DASHBOARDS}/order.txt does not say where these stand: ${there}")
endif()
foreach(file IN LISTS files)
  math(EXPR n "${n} + 1")
  math(EXPR dashboard_count "${dashboard_count} + 1")
  get_filename_component(name "${file}" NAME)
  embed_bytes("${file}")
  embed_row(dashboards "${name}" "NULL" "${n}" "sizeof(file_${n})")
endforeach()
if(NOT dashboard_count)
  message(FATAL_ERROR "${DASHBOARDS} holds no dashboards")
endif()

file(WRITE "${OUT}.new" "/* Made by cmake/embed.cmake: the pages and the shipped dashboards. */
#include \"web/assets.h\"

${arrays}
const struct asset web_embedded_pages[] = {
${pages}};
const size_t web_embedded_page_len = ${page_count};

const struct asset web_embedded_dashboards[] = {
${dashboards}};
const size_t web_embedded_dashboard_len = ${dashboard_count};
")
file(RENAME "${OUT}.new" "${OUT}")
