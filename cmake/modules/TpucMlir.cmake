# What targets link of MLIR and LLVM: TPUC_MLIR_LIBS and TPUC_LLVM_LIBS.

if(NOT TPUC_LINK_STATIC)
  # One shared libMLIR and libLLVM serve every tool; only tpuc-tblgen links the
  # static TableGen libraries.
  set(TPUC_LLVM_LIBS LLVM)
  set(TPUC_MLIR_LIBS MLIR LLVM)
  return()
endif()

# The archives hold everything; lld takes the members that are needed, in
# whatever order they are. CMake's own targets for the archives cannot serve:
# they depend on the shared library.
file(GLOB llvm_archives "${LLVM_LIBRARY_DIR}/libLLVM*.a")
file(GLOB mlir_archives "${LLVM_LIBRARY_DIR}/libMLIR*.a")
find_library(TPUC_ZLIB libz.a REQUIRED)
find_library(TPUC_ZSTD libzstd.a REQUIRED)
set(TPUC_LLVM_LIBS ${llvm_archives} ${TPUC_ZSTD} ${TPUC_ZLIB} pthread dl m)
set(TPUC_MLIR_LIBS ${mlir_archives} ${TPUC_LLVM_LIBS})
# Only options of the linker: ccache finds the objects of the other builds.
add_link_options(-fuse-ld=lld-22 -static-libstdc++ -static-libgcc
  -Wl,--exclude-libs,ALL -Wl,--gc-sections -Wl,--as-needed -Wl,-O2 -s)
