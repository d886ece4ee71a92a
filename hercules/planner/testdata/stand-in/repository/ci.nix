# Jobs whose derivations need nothing built, so that all of their paths are known.
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
in
{
  announce = mkEffect {
    name = "announce";
    effectScript = "echo released";
    secretsMap = {
      chat = "chat-token";
      git.type = "GitToken";
    };
    userSetupScript = "readSecretString chat .token";
  };
  network = runIf (src.ref == "refs/heads/main") (runNixOps {
    name = "shop";
    src = lib.cleanSource ./.;
    networkFiles = [ "network.nix" ];
    deployOnlyNetworkFiles = [ "hosts/only.nix" ];
    networkArgs = {
      region = "eu-west-1";
      sizes = [
        1
        2
      ];
      motd = "it's \"$5\" \\";
    };
    prebuild = false;
    action = "boot";
    secretsMap.aws = "aws-shop";
  });
  packages = lib.recurseIntoAttrs { inherit (pkgs) git; };
}
