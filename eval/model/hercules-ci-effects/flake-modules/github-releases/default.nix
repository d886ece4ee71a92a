# hercules-ci.github-releases: publishes files as a release on GitHub.
{
  config,
  lib,
  options,
  withSystem,
  ...
}:

let
  inherit (lib) mkOption types;
  inherit (config) defaultEffectSystem;
  cfg = config.hercules-ci.github-releases;
  inherit (options.hercules-ci.github-releases) filesPerSystem;

  file = types.submodule (
    { config, options, ... }:
    {
      options = {
        label = mkOption { type = types.str; };
        path = mkOption { type = types.path; };
        paths = mkOption { type = types.nonEmptyListOf types.path; };
        archiver = mkOption { type = types.enum [ "zip" ]; };
        _out = mkOption {
          readOnly = true;
          internal = true;
          default =
            if !options.path.isDefined then
              { inherit (config) label paths archiver; }
            else if options.paths.isDefined || options.archiver.isDefined then
              throw "github-releases: `path` excludes `paths` and `archiver`"
            else
              { inherit (config) label path; };
        };
      };
    }
  );

  option = type: default: mkOption { inherit type default; };
  condition = types.functionTo types.bool;
in
{
  options.hercules-ci.github-releases = {
    condition = option condition ({ tag, ... }: tag != null);
    releaseTag = option (types.functionTo types.str) (herculesCI: herculesCI.config.repo.tag);
    skipIfExists = option types.bool false;
    files = option (types.listOf file) [ ];
    systems = option (types.nullOr (types.listOf types.str)) null;
    filesPerSystem = mkOption { type = types.functionTo (types.listOf file); };
    checkArtifacts = option condition (_: true);
    pushJobName = option types.str "default";
  };

  config.herculesCI = lib.mkIf (cfg.files != [ ] || filesPerSystem.isDefined) (
    herculesCI@{ config, ... }:
    let
      systems = if cfg.systems == null then config.ciSystems else cfg.systems;
      systemFiles = lib.optionals filesPerSystem.isDefined (
        lib.concatMap (system: withSystem system cfg.filesPerSystem) systems
      );
      files = map (entry: entry._out) (cfg.files ++ systemFiles);

      release = withSystem defaultEffectSystem (
        { hci-effects, pkgs, ... }:
        hci-effects.modularEffect {
          imports = [ ../../effects/modules/git-auth-gh.nix ];
          secretsMap.token.type = "GitToken";
          git.checkout = {
            remote.url = config.repo.remoteHttpUrl;
            inherit (config.repo) forgeType;
          };
          effectScript = "artifacts-tool\n";
          env = {
            files = builtins.toJSON files;
            inherit (config.repo) owner;
            repo = config.repo.name;
            releaseTag = cfg.releaseTag herculesCI;
            inherit (cfg) skipIfExists;
          };
          inputs = [ pkgs.zip ];
          extraAttributes.files = files;
        }
      );
    in
    {
      onPush = lib.mkMerge [
        { ${cfg.pushJobName}.outputs.effects.github-releases = lib.optionalAttrs (cfg.condition config.repo) release; }
        {
          default.outputs.checks.release-artifacts = lib.mkIf (cfg.checkArtifacts herculesCI) (
            withSystem defaultEffectSystem (
              { pkgs, ... }:
              pkgs.runCommandLocal "artifacts-check" {
                files = builtins.toJSON files;
                check_only = "";
                passthru.files = files;
              } "artifacts-tool"
            )
          );
        }
      ];
    }
  );
}
