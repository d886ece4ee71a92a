# Conditions over values that may be unknown. A check of arguments fails only when it is sure to fail.
let
  inherit (__nixplan) isUnknown;
in
rec {
  sure = condition: !isUnknown condition && condition;
  possible = condition: isUnknown condition || condition;
  # Of an argument that is no truth value at all the plan says so.
  maybeTrue = value: isUnknown value || builtins.isBool value && value;
  given = value: possible (value != null);

  # The message is thrown when the check is sure to fail.
  require =
    condition: message: value:
    if possible condition then value else throw message;
}
