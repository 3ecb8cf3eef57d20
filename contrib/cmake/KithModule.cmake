# kith_module(NAME SOURCES ... PUBLIC libs PRIVATE libs): one static library a folder, so that an include against
# the layer table (ARCHITECTURE.md) does not link. tests/lint/check_layers.py checks the includes themselves.
function(kith_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(kith_${name} STATIC ${ARG_SOURCES})
  add_library(kith::${name} ALIAS kith_${name})
  target_include_directories(kith_${name} PUBLIC "${PROJECT_SOURCE_DIR}")
  target_link_libraries(kith_${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
endfunction()

# kith_schema(TARGET FILE.fbs): compiles a FlatBuffers schema; the header is included as "<folder>/<file>_generated.h".
function(kith_schema target schema)
  get_filename_component(stem "${schema}" NAME_WE)
  file(RELATIVE_PATH folder "${PROJECT_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}")
  set(out_dir "${PROJECT_BINARY_DIR}/generated/${folder}")
  set(out "${out_dir}/${stem}_generated.h")
  add_custom_command(
    OUTPUT "${out}"
    COMMAND flatbuffers::flatc --cpp --cpp-std c++17 --scoped-enums -o "${out_dir}" "${CMAKE_CURRENT_SOURCE_DIR}/${schema}"
    DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${schema}"
    VERBATIM)
  target_sources(${target} PRIVATE "${out}")
  target_include_directories(${target} SYSTEM PRIVATE "${PROJECT_BINARY_DIR}/generated")
endfunction()
