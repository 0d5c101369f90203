# add_tpuc_unittest(Name sources... [LINK_LIBS libs...] [NO_MLIR])
# A googletest program; scripts/run_tests.py runs every one it finds in
# <build>/unittests/bin.

find_package(GTest REQUIRED)

function(add_tpuc_unittest name)
  cmake_parse_arguments(ARG "NO_MLIR" "" "DEPENDS;LINK_LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} GTest::gtest
                                        GTest::gtest_main)
  if(NOT ARG_NO_MLIR)
    tpuc_precompile(${name})
    target_link_libraries(${name} PRIVATE ${TPUC_MLIR_LIBS})
  endif()
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY
                        "${PROJECT_BINARY_DIR}/unittests/bin")
  set_property(GLOBAL APPEND PROPERTY TPUC_UNITTESTS ${name})
endfunction()
