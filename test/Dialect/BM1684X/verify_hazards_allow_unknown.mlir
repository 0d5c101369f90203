// RUN: tpuc-opt %s --bm1684x-verify-hazards=allow-unknown=true

func.func @unknown_memory() {
  %0 = bm1684x.conv normal
  return
}
