{
  hv1 = "x86_64-linux";
  vm1 = "x86_64-linux";
  vm2 = "x86_64-linux";
}
