;; Host functions of protocol 85 and later that probe.wat leaves out.
(module
  (import "env" "input" (func $input (param i64)))
  (import "env" "value_return" (func $value_return (param i64 i64)))
  (import "env" "universal_state_init_to_account_id"
    (func $derive (param i64 i64 i64) (result i64)))
  (import "env" "promise_batch_create" (func $batch (param i64 i64) (result i64)))
  (import "env" "promise_batch_action_transfer_to_gas_key"
    (func $a_transfer_to_gas_key (param i64 i64 i64 i64)))
  (import "env" "promise_batch_action_add_gas_key_with_full_access"
    (func $a_gas_key (param i64 i64 i64 i64)))
  (import "env" "promise_batch_action_add_gas_key_with_function_call"
    (func $a_call_gas_key (param i64 i64 i64 i64 i64 i64 i64 i64 i64)))
  (import "env" "promise_batch_action_deploy_global_contract_by_account_id"
    (func $a_deploy_global (param i64 i64 i64)))
  (import "env" "promise_batch_action_use_global_contract"
    (func $a_use_global (param i64 i64 i64)))
  (import "env" "promise_batch_action_universal_state_init"
    (func $a_universal_init (param i64 i64 i64 i64)))

  (memory 1)
  (data (i32.const 0) "bob.test")
  (data (i32.const 16) "carol.test")
  (data (i32.const 32) "add,sub")
  (data (i32.const 48) "\05\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00") ;; 5 as u128
  (data (i32.const 64) "\00aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") ;; an Ed25519 key, 33 bytes
  (data (i32.const 112) "0123456789abcdef0123456789abcdef")

  (func (export "actions") (local $p i64)
    (local.set $p (call $batch (i64.const 8) (i64.const 0)))
    (call $a_transfer_to_gas_key (local.get $p) (i64.const 33) (i64.const 64) (i64.const 48))
    (call $a_gas_key (local.get $p) (i64.const 33) (i64.const 64) (i64.const 3))
    (call $a_call_gas_key (local.get $p) (i64.const 33) (i64.const 64) (i64.const 4)
      (i64.const 48) (i64.const 10) (i64.const 16) (i64.const 7) (i64.const 32))
    (call $a_deploy_global (local.get $p) (i64.const 8) (i64.const 0))
    (call $a_use_global (local.get $p) (i64.const 32) (i64.const 112))
    (call $input (i64.const 0))
    (call $a_universal_init (local.get $p) (i64.const -1) (i64.const 0) (i64.const 48)))

  ;; Returns the account id of the state init in the input, or 1 (malformed), 2 (not canonical).
  (func (export "derive") (local $status i64)
    (call $input (i64.const 0))
    (local.set $status (call $derive (i64.const -1) (i64.const 0) (i64.const 1)))
    (if (i64.eqz (local.get $status))
      (then (call $value_return (i64.const -1) (i64.const 1)))
      (else
        (i64.store8 (i32.const 256) (i64.add (local.get $status) (i64.const 48)))
        (call $value_return (i64.const 1) (i64.const 256)))))
)
