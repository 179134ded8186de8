# Rendered by fleet from fleet.yaml: change it there.
{
  hv1 = "aarch64-linux";
  vm1 = "aarch64-linux";
  vm2 = "aarch64-linux";
  vm3 = "aarch64-linux";
  vm4 = "aarch64-linux";
  vm5 = "aarch64-linux";
}
