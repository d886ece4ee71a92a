# The job that a flake gets without `herculesCI.onPush`: what each of its outputs contributes.
let
  inherit (builtins)
    intersectAttrs
    isAttrs
    isFunction
    mapAttrs
    ;
  inherit (__nixplan) isUnknown;

  # Null, as the original has it, means "no job".
  ignore = _: _: null;

  onlySystems = ciSystems: outputs: if ciSystems == null then outputs else intersectAttrs ciSystems outputs;
  forSystems =
    f:
    { ciSystems, ... }:
    outputs:
    mapAttrs (_: f) (onlySystems ciSystems outputs);

  shell =
    value:
    if isUnknown value || value.type or null == "derivation" then
      value // { buildDependenciesOnly = true; }
    else
      throw "a development shell must be a derivation";

  app =
    value:
    if isUnknown value then
      value
    else if value.type != "app" then
      throw "the `type` of an app must be \"app\""
    else
      { inherit (value) program; };

  # What machines are built on is known from the package set, whichever option says it.
  systemOf = configuration: configuration.pkgs.system;

  # Machine configurations for the systems of the job.
  configurations =
    { ciSystems, ... }:
    outputs:
    let
      wanted =
        configuration:
        let
          system = systemOf configuration;
        in
        ciSystems == null || isUnknown system || ciSystems ? ${system};
      build = configuration: { config.system.build.toplevel = configuration.config.system.build.toplevel; };
    in
    mapAttrs (_: build) (
      builtins.removeAttrs outputs (builtins.filter (name: !wanted outputs.${name}) (builtins.attrNames outputs))
    );

  translations = {
    packages = forSystems (value: value);
    checks = forSystems (value: value);
    formatter = forSystems (value: value);
    devShell = forSystems shell;
    devShells = forSystems (mapAttrs (_: shell));
    apps = forSystems (mapAttrs (_: app));
    nixosConfigurations = configurations;
    darwinConfigurations = configurations;
    templates = _: value: value;
    effects = args: value: if isFunction value then value args else value;
  };

  flakeToOutputs = flake: args: mapAttrs (name: (translations.${name} or ignore) args) flake.outputs;

  addDefaults =
    flake: evalArgs:
    let
      attribute = flake.herculesCI or { };
      herculesCI = if isFunction attribute then attribute evalArgs else attribute;
      ciSystems =
        if herculesCI ? ciSystems then
          builtins.listToAttrs (
            map (name: {
              inherit name;
              value = { };
            }) herculesCI.ciSystems
          )
        else
          evalArgs.herculesCI.ciSystems;
    in
    herculesCI
    // (
      if herculesCI ? onPush then
        { }
      else
        { onPush.default.outputs = flakeToOutputs flake (evalArgs // { inherit ciSystems; }); }
    );
in
{
  inherit addDefaults flakeToOutputs;
}
