# Jobs that the model and Nix must see alike.
{
  src ? {
    ref = null;
  },
}:
let
  pkgs = import <nixpkgs> {
    system = "x86_64-linux";
    overlays = [ (import <hercules-ci-effects/overlay.nix>) ];
  };
  inherit (pkgs) lib;
  inherit (pkgs.effects) mkEffect runIf runNixOps;

  plain = {
    src = lib.cleanSource ./.;
    prebuild = false;
  };
in
{
  shop = runIf (src.ref == "refs/heads/main") (runNixOps {
    name = "shop";
    src = lib.cleanSourceWith {
      src = ./.;
      filter = path: type: baseNameOf path != "notes.txt";
    };
    networkFiles = [
      "network.nix"
      "hosts/sizes.nix"
    ];
    deployOnlyNetworkFiles = [ "hosts/only.nix" ];
    prebuildOnlyNetworkFiles = [ "hosts/stub.nix" ];
    networkArgs = {
      region = "eu-west-1";
      adminPassword = "canary-of-shop";
      sizes = [
        1
        2.5
        null
        true
      ];
      motd = "it's \"$5\" \${x} \\ and\na line";
    };
    stateName = "shop/state.json";
    secretsMap = {
      aws = "aws-shop";
      git.type = "GitToken";
    };
    userSetupScript = ''
      writeAWSSecret aws
      export REF=${src.ref}
    '';
    preEffect = "echo deploying";
    TIMEOUTS = [
      10
      20
    ];
    VERBOSE = true;
    QUIET = false;
    NOTHING = null;
    notes = ./notes.txt;
  });

  tools = runNixOps (
    plain
    // {
      name = "tools";
      userSetupScript = "exec ${pkgs.openssh}/bin/ssh -V";
    }
  );

  "a.b \"c\"".deploy = runNixOps (plain // { name = "quoted"; }) // { };
  "a.b \"c\"".recurseForDerivations = true;
}
