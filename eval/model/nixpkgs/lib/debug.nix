# lib.debug: traces and small unit tests.
{ lib }:
let
  inherit (builtins)
    attrNames concatMap deepSeq elem isAttrs isList length mapAttrs substring trace
    ;
  show = lib.generators.toPretty { allowPrettyValues = true; };

  traceValFn = f: value: trace (f value) value;
  traceValSeqFn = f: value: deepSeq value (traceValFn f value);

  # `value` to a depth; what lies deeper is shown as […] or {…}.
  cut =
    depth: value:
    let
      stub = text: {
        __pretty = _: text;
        val = value;
      };
    in
    if isList value then (if depth == 0 then stub "[…]" else map (cut (depth - 1)) value)
    else if isAttrs value then (if depth == 0 then stub "{…}" else mapAttrs (_: cut (depth - 1)) value)
    else value;
  traceSeqN = depth: value: trace (show (cut depth value));
  traceValSeqNFn = f: depth: value: traceSeqN depth (f value) value;
in
{
  inherit (builtins) addErrorContext trace unsafeGetAttrPos;
  inherit traceSeqN traceValFn traceValSeqFn traceValSeqNFn;

  traceIf = condition: message: value: if condition then trace message value else value;
  traceVal = traceValFn (value: value);
  traceSeq = value: trace (deepSeq value value);
  traceValSeq = traceValSeqFn (value: value);
  traceValSeqN = traceValSeqNFn (value: value);
  traceFnSeqN =
    depth: name: f: argument:
    let
      result = f argument;
    in
    traceSeqN (depth + 1) {
      fn = name;
      from = argument;
      to = result;
    } result;

  # The failures among { name = { expr; expected; }; }. Only names that start with "test" are run, or
  # those listed in `tests`.
  runTests =
    tests:
    let
      chosen = tests.tests or [ ];
      wanted = name: if chosen == [ ] then substring 0 4 name == "test" else elem name chosen;
      check =
        name:
        let
          test = tests.${name};
        in
        if wanted name && test.expr != test.expected then
          [
            {
              inherit name;
              inherit (test) expected;
              result = test.expr;
            }
          ]
        else
          [ ];
    in
    concatMap check (attrNames tests);
  testAllTrue = values: {
    expr = values;
    expected = map (_: true) values;
  };

  throwTestFailures =
    {
      failures,
      description ? "tests",
      ...
    }:
    let
      report = failure: "FAIL ${failure.name}\nexpected: ${show failure.expected}\nresult: ${show failure.result}";
      names = map (failure: "\n- ${failure.name}") failures;
      told = builtins.foldl' (_: failure: trace (report failure) null) null failures;
    in
    if failures == [ ] then null
    else
      throw (
        builtins.seq told "${toString (length failures)} ${description} failed:${builtins.concatStringsSep "" names}"
      );
}
