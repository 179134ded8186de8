# Rendered by fleet from fleet.yaml: change it there.
{
  services.fstrim.enable = true;
}
