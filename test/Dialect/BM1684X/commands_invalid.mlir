// RUN: tpuc-opt %s -split-input-file -verify-diagnostics

func.func @unknown_function() {
  // expected-error @+1 {{sLIN has no function 'add', expected one of mac, square_sum, square_diff}}
  %0 = bm1684x.slin add
  return
}

// -----

func.func @missing_function() {
  // expected-error @+1 {{expected a function of sLIN, one of mac, square_sum, square_diff}}
  %0 = bm1684x.slin {res0_n = 1}
  return
}

// -----

func.func @unknown_field() {
  // expected-error @+1 {{sAR has no field 'res9_n'}}
  %0 = bm1684x.sar add {res9_n = 1}
  return
}

// -----

func.func @field_of_another_layout() {
  // expected-error @+1 {{sLIN has no field 'res0_n_str'}}
  %0 = bm1684x.slin mac {res0_n_str = 1}
  return
}

// -----

func.func @derived_field() {
  // expected-error @+1 {{sAR has no field 'cmd_id'}}
  %0 = bm1684x.sar add {cmd_id = 1}
  return
}

// -----

func.func @value_too_wide() {
  // expected-error @+1 {{field 'res0_n' of sAR holds 16 bits, got 70000}}
  %0 = bm1684x.sar add {res0_n = 70000}
  return
}

// -----

func.func @value_negative() {
  // expected-error @+1 {{field 'res0_n' of sAR holds 16 bits, got -1}}
  %0 = bm1684x.sar add {res0_n = -1}
  return
}

// -----

func.func @value_missing() {
  // expected-error @+1 {{expected an integer for field 'res0_n' of sAR}}
  %0 = bm1684x.sar add {res0_n = x}
  return
}

// -----

func.func @field_twice() {
  // expected-error @+1 {{field 'res0_n' of sAR is given twice}}
  %0 = bm1684x.sar add {res0_n = 1, res0_n = 1}
  return
}

// -----

func.func @generic_function_code() {
  // expected-error @+1 {{sLIN has no function 9, expected one of mac, square_sum, square_diff}}
  %0 = "bm1684x.slin"() <{fields = {}, function = 9 : i32}> : () -> !bm1684x.token
  return
}

// -----

func.func @generic_unknown_field() {
  // expected-error @+1 {{sLIN has no field 'res0_z'}}
  %0 = "bm1684x.slin"() <{fields = {res0_z = 1 : i64}, function = 1 : i32}> : () -> !bm1684x.token
  return
}

// -----

func.func @generic_value_too_wide() {
  // expected-error @+1 {{field 'opd1_const' of sLIN holds 1 bits, got 2}}
  %0 = "bm1684x.slin"() <{fields = {opd1_const = 2 : i64}, function = 1 : i32}> : () -> !bm1684x.token
  return
}

// -----

func.func @generic_value_type() {
  // expected-error @+1 {{field 'opd1_const' of sLIN is an i64, got 1 : i32}}
  %0 = "bm1684x.slin"() <{fields = {opd1_const = 1 : i32}, function = 1 : i32}> : () -> !bm1684x.token
  return
}

// -----

func.func @generic_derived_field() {
  // expected-error @+1 {{sLIN has no field 'tsk_typ'}}
  %0 = "bm1684x.slin"() <{fields = {tsk_typ = 1 : i64}, function = 1 : i32}> : () -> !bm1684x.token
  return
}
