# Compiles through ccache where it is installed. The settings make a second
# checkout in another folder find the objects of the first.

if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(TPUC_CCACHE ccache)
  if(TPUC_CCACHE)
    set(launcher "${CMAKE_COMMAND};-E;env"
        "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}"
        "CCACHE_NOHASHDIR=1"
        "CCACHE_PCH_EXTSUM=1"
        "CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime"
        "${TPUC_CCACHE}")
    set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  endif()
endif()
