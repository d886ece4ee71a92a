# What `nixops deploy` is given for each action.
{
  switch = "";
  dry-run = "--dry-run";
  plan = "--plan-only";
  build = "--build-only";
  create = "--create-only";
  copy = "--copy-only";
  dry-activate = "--dry-activate";
  test = "--test";
  boot = "--boot";
}
