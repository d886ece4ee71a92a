# runArion: brings up a Docker Compose project that is described with Arion.
packages@{
  lib,
  arion,
  docker,
  mkEffect,
  pkgs,
  stdenvNoCC,
}:

let
  inherit (import ../decide.nix) given;

  # Its name stands in messages about its arguments.
  runArion =
    args@{
      name,
      directory ? null,
      modules ?
        if given directory then
          [ (directory + "/arion-compose.nix") ]
        else
          throw "runArion: pass `directory` or `modules`",
      pkgs ? if given directory then import (directory + "/arion-pkgs.nix") else packages.pkgs,
      uid ? throw "runArion: the module argument `uid` is only for local development",
      hostNixStorePrefix ? "",
      ...
    }:
    let
      composition = arion.eval {
        inherit
          modules
          pkgs
          uid
          hostNixStorePrefix
          ;
      };

      # Arion's own evaluation is not modelled; without a directory or modules it would fail.
      inherit (composition) config;
      composed = config.out.dockerComposeYaml;
      prebuilt =
        if __nixplan.isUnknown composed then stdenvNoCC.mkDerivation { name = "docker-compose.yaml"; } else composed;

      extra = removeAttrs args [
        "modules"
        "uid"
        "pkgs"
      ];
    in
    mkEffect (
      extra
      // {
        name = "arion-${name}";
        inputs = [
          arion
          docker
        ];
        dontUnpack = true;
        prebuilt = builtins.deepSeq modules prebuilt;
        projectName = name;
        passthru = args.passthru or { } // {
          inherit config;
          prebuilt = prebuilt // {
            inherit config;
          };
        };
        effectScript = ''
          mkdir "$projectName"
          cd "$projectName"
          cp "$prebuilt" prebuilt.json
          arion --prebuilt-file prebuilt.json up -d
        '';
        __nixplan = {
          kind = "runArion";
          given = args;
          args = {
            secretsMap = { };
            userSetupScript = "";
          }
          // extra
          // {
            inherit modules directory hostNixStorePrefix;
            projectName = name;
          };
        };
      }
    );
in
runArion
