# Wrappers that give every tpuc target the same flags, precompiled headers and
# dependencies.

if(TPUC_SANITIZE)
  add_compile_options(-fsanitize=${TPUC_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TPUC_SANITIZE})
endif()
if(TPUC_ENABLE_FUZZERS)
  # Coverage of the libraries guides the fuzzers.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
add_compile_options(-Wall -Wextra -Wno-unused-parameter)
if(TPUC_ENABLE_ASSERTIONS)
  string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELEASE
                 "${CMAKE_CXX_FLAGS_RELEASE}")
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # The precompiled header carries no time stamp, so that ccache finds it again
  # in a fresh clone.
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>")
  # The driver takes the precompiled form of an included header when there is
  # one; ccache understands this option and makes its path relative.
  set(CMAKE_CXX_COMPILE_OPTIONS_USE_PCH -include <PCH_HEADER>)
endif()

set(TPUC_PCH_HEADERS
    <mlir/IR/Builders.h>
    <mlir/IR/BuiltinAttributes.h>
    <mlir/IR/BuiltinOps.h>
    <mlir/IR/BuiltinTypes.h>
    <mlir/IR/DialectImplementation.h>
    <mlir/IR/OpImplementation.h>
    <mlir/IR/PatternMatch.h>
    <mlir/Bytecode/BytecodeOpInterface.h>
    <mlir/Dialect/Func/IR/FuncOps.h>
    <mlir/Interfaces/InferTypeOpInterface.h>
    <mlir/Interfaces/SideEffectInterfaces.h>
    <mlir/Pass/Pass.h>)

# Lets ccache share objects between checkouts although the precompiled header
# holds absolute paths: it hashes the text beside the header in its place.
function(tpuc_share_precompiled target)
  get_target_property(dir ${target} BINARY_DIR)
  string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
  string(SHA256 sum
    "${TPUC_PCH_HEADERS} ${LLVM_PACKAGE_VERSION} ${CMAKE_CXX_COMPILER_VERSION}
     ${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${type}} ${TPUC_SANITIZE}")
  file(WRITE "${dir}/CMakeFiles/${target}.dir/cmake_pch.hxx.pch.sum" "${sum}")
endfunction()

# One object compiles the header; every MLIR library and tool reuses it. A header
# can be shared only between targets of the same kind of position independence,
# so that executables are compiled as libraries are.
function(tpuc_precompile target)
  if(NOT TARGET tpuc_pch)
    file(WRITE "${PROJECT_BINARY_DIR}/pch.cpp" "// Carries the precompiled headers.\n")
    add_library(tpuc_pch OBJECT "${PROJECT_BINARY_DIR}/pch.cpp")
    target_precompile_headers(tpuc_pch PRIVATE ${TPUC_PCH_HEADERS})
    tpuc_share_precompiled(tpuc_pch)
  endif()
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "EXECUTABLE")
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC)
  endif()
  target_precompile_headers(${target} REUSE_FROM tpuc_pch)
endfunction()

# add_tpuc_library(Name sources... [DEPENDS tblgen targets...] [LINK_LIBS libs...] [NO_MLIR])
# NO_MLIR: a library free of MLIR, which needs neither its headers nor libMLIR.
function(add_tpuc_library name)
  cmake_parse_arguments(ARG "NO_MLIR" "" "DEPENDS;LINK_LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC ${ARG_LINK_LIBS})
  if(NOT ARG_NO_MLIR)
    tpuc_precompile(${name})
    target_link_libraries(${name} PUBLIC ${TPUC_MLIR_LIBS})
  endif()
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
endfunction()

# add_tpuc_tool(name sources... LINK_LIBS libs...)
function(add_tpuc_tool name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK_LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  # The libraries' precompiled header serves only objects compiled as they are:
  # -fPIC, not the -fPIE of executables.
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${name} PRIVATE -fPIC)
  tpuc_precompile(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} ${TPUC_MLIR_LIBS})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY
                        "${PROJECT_BINARY_DIR}/bin")
endfunction()

# add_tpuc_tablegen(Target input.td OUTPUTS "generator|file.inc" ...)
# Runs mlir-tblgen (or tpuc-tblgen for generators named tpuc:...) over one .td.
function(add_tpuc_tablegen target input)
  cmake_parse_arguments(ARG "" "" "OUTPUTS;EXTRA" ${ARGN})
  set(outputs "")
  set(source "${CMAKE_CURRENT_SOURCE_DIR}/${input}")
  foreach(pair IN LISTS ARG_OUTPUTS)
    string(REPLACE "|" ";" parts "${pair}")
    list(GET parts 0 generator)
    list(GET parts 1 file)
    set(tool "${MLIR_TABLEGEN_EXE}")
    set(tool_dep "")
    if(generator MATCHES "^tpuc:(.*)")
      set(generator "${CMAKE_MATCH_1}")
      set(tool "$<TARGET_FILE:tpuc-tblgen>")
      set(tool_dep tpuc-tblgen)
    endif()
    separate_arguments(generator_args UNIX_COMMAND "${generator}")
    set(out "${CMAKE_CURRENT_BINARY_DIR}/${file}")
    add_custom_command(
      OUTPUT "${out}"
      COMMAND ${tool} -${generator_args} ${ARG_EXTRA} "${source}" -o "${out}"
              -I "${PROJECT_SOURCE_DIR}/include" -I "${MLIR_INCLUDE_DIRS}"
              -I "${CMAKE_CURRENT_SOURCE_DIR}" -d "${out}.d"
      DEPFILE "${out}.d"
      DEPENDS "${source}" ${tool_dep}
      COMMENT "tblgen ${file}" VERBATIM)
    list(APPEND outputs "${out}")
  endforeach()
  add_custom_target(${target} DEPENDS ${outputs})
  set_property(GLOBAL APPEND PROPERTY TPUC_TABLEGEN_TARGETS ${target})
endfunction()
