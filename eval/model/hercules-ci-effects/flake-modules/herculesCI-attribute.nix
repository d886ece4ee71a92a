# The option `herculesCI`, a module that Hercules CI's parameters complete, and the flake output made of it.
{
  config,
  lib,
  self,
  ...
}:

let
  inherit (lib) mkOption types;
  toplevel = config;

  outputTree = import ./output-tree.nix { inherit lib; };
  defaultJob = import ../vendor/hercules-ci-agent/default-herculesCI-for-flake.nix;

  readOnly =
    type:
    mkOption {
      inherit type;
      readOnly = true;
    };

  repository.options =
    lib.genAttrs [ "ref" "rev" "shortRev" "remoteHttpUrl" "remoteSshUrl" "webUrl" "forgeType" "owner" "name" ] (_: readOnly types.str)
    // lib.genAttrs [ "branch" "tag" ] (_: readOnly (types.nullOr types.str));

  job.options = {
    outputs = mkOption { type = outputTree; };
    enable = mkOption {
      type = types.bool;
      default = true;
    };
  };

  scheduled = {
    imports = [ job ];
    options.when = mkOption {
      type = types.submodule ./types/when.nix;
      default = { };
    };
  };

  jobs =
    module:
    mkOption {
      type = types.lazyAttrsOf (types.submodule module);
      default = { };
    };

  parameters =
    { config, ... }:
    {
      options = {
        repo = readOnly (types.submodule repository);
        onPush = jobs job;
        onSchedule = jobs scheduled;
        ciSystems = mkOption {
          type = types.listOf types.str;
          default = toplevel.systems;
        };
        flakeForOnPushDefault = mkOption {
          type = types.raw;
          default = self;
          internal = true;
        };
        out = mkOption {
          type = types.lazyAttrsOf types.raw;
          internal = true;
        };
      };
      config = {
        onPush.default.outputs = defaultJob.flakeToOutputs config.flakeForOnPushDefault {
          ciSystems = lib.genAttrs config.ciSystems (_: { });
        };
        out = {
          inherit (config) onPush onSchedule ciSystems;
        };
      };
    };

  # Facts that an agent may lack stay undefined. (Comparing them with null would count as a condition on the ref.)
  present = lib.filterAttrs (_: value: __nixplan.isUnknown value || builtins.typeOf value != "null");
in
{
  options = {
    herculesCI = mkOption {
      type = types.deferredModuleWith { staticModules = [ parameters ]; };
      default = { };
    };
    defaultEffectSystem = mkOption {
      type = types.str;
      default = "x86_64-linux";
    };
  };

  config.flake.herculesCI =
    {
      primaryRepo ? throw "herculesCI: the argument `primaryRepo` is missing",
      ...
    }:
    (lib.evalModules {
      modules = [
        config.herculesCI
        {
          _file = "herculesCI parameters";
          repo = {
            inherit (primaryRepo) ref rev shortRev;
            branch = primaryRepo.branch or null;
            tag = primaryRepo.tag or null;
          }
          // present {
            remoteHttpUrl = primaryRepo.remoteHttpUrl or null;
            remoteSshUrl = primaryRepo.remoteSshUrl or null;
            webUrl = primaryRepo.webUrl or null;
            forgeType = primaryRepo.forgeType or null;
            owner = primaryRepo.owner or null;
            name = primaryRepo.name or null;
          };
        }
      ];
    }).config.out;
}
