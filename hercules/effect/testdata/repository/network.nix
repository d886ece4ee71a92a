{ region, ... }:
{
  web = { ... }: {
    deployment.targetEnv = "ec2";
    deployment.ec2.region = region;
  };
}
