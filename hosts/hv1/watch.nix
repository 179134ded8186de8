# Rendered by fleet from fleet.yaml: change it there.
{
  # What the units of modules/watch.nix have to know.
  environment.etc."fleet/watch.json".text = builtins.toJSON {
    alerts = [ ];
    bridges = {
      br-vm1 = {
        addresses = [ "10.1.0.1/24" ];
        nat = true;
      };
      br-vm2 = {
        addresses = [ "10.2.0.1/24" ];
        nat = true;
      };
      br-vm3 = {
        addresses = [ "10.3.0.1/24" ];
        nat = true;
      };
      br-vm4 = {
        addresses = [ "10.4.0.1/24" ];
        nat = true;
      };
      br-vm5 = {
        addresses = [ "10.5.0.1/24" ];
        nat = true;
      };
    };
    capacity = {
      disk = 204800;
      memory = 32768;
      overcommit = {
        disk = 1;
        memory = 1;
        vcpu = 4;
      };
      perVm = 128;
      reserve = {
        disk = 0;
        memory = 2048;
        vcpu = 0;
      };
      vcpu = 16;
    };
    deadline = 120;
    fleet = "simple-microvm-infra";
    forwarding = true;
    gc = null;
    hypervisor = "hv1";
    orphans = "tell";
    stopTimeout = 30;
    version = 1;
    vms = {
      vm1 = {
        address = "10.1.0.2";
        agent = false;
        autostart = "always";
        balloon = false;
        checks = [
          {
            http = {
              path = "/";
              port = 80;
              status = 200;
            };
          }
        ];
        dependsOn = [ "vm2" ];
        dumps.guest = false;
        images = [ "var-lib-data.img" ];
        memory = 1024;
        nics = [
          {
            address = "10.1.0.2";
            bridge = "br-vm1";
            tap = "vm-vm1";
          }
        ];
        priority = 10;
        recovery = {
          attempts = 5;
          backoff = 2;
          delay = 5;
          giveUp = "fail";
          interval = 600;
          maxDelay = 300;
          maxPerHour = 20;
          restart = "always";
          unhealthy = {
            after = 3;
            every = 15;
            restart = true;
          };
        };
        shares = 1;
        state = "running";
        vcpu = 1;
        vmm = "qemu";
      };
      vm2 = {
        address = "10.2.0.2";
        agent = false;
        autostart = "always";
        balloon = false;
        checks = [
          {
            tcp = 5432;
          }
        ];
        dependsOn = [ ];
        dumps.guest = false;
        images = [
          "var-lib-data.img"
          "var-lib-postgresql.img"
        ];
        memory = 3072;
        nics = [
          {
            address = "10.2.0.2";
            bridge = "br-vm2";
            tap = "vm-vm2";
          }
        ];
        priority = 10;
        recovery = {
          attempts = 5;
          backoff = 2;
          delay = 5;
          giveUp = "fail";
          interval = 600;
          maxDelay = 300;
          maxPerHour = 20;
          restart = "always";
          unhealthy = {
            after = 3;
            every = 15;
            restart = true;
          };
        };
        shares = 1;
        state = "running";
        vcpu = 2;
        vmm = "qemu";
      };
      vm3 = {
        address = "10.3.0.2";
        agent = false;
        autostart = "always";
        balloon = false;
        checks = [ ];
        dependsOn = [ ];
        dumps.guest = false;
        images = [ "var-lib-data.img" ];
        memory = 1024;
        nics = [
          {
            address = "10.3.0.2";
            bridge = "br-vm3";
            tap = "vm-vm3";
          }
        ];
        priority = 10;
        recovery = {
          attempts = 5;
          backoff = 2;
          delay = 5;
          giveUp = "fail";
          interval = 600;
          maxDelay = 300;
          maxPerHour = 20;
          restart = "always";
          unhealthy = {
            after = 3;
            every = 15;
            restart = true;
          };
        };
        shares = 1;
        state = "running";
        vcpu = 1;
        vmm = "qemu";
      };
      vm4 = {
        address = "10.4.0.2";
        agent = false;
        autostart = "always";
        balloon = false;
        checks = [ ];
        dependsOn = [ ];
        dumps.guest = false;
        images = [ "var-lib-data.img" ];
        memory = 1024;
        nics = [
          {
            address = "10.4.0.2";
            bridge = "br-vm4";
            tap = "vm-vm4";
          }
        ];
        priority = 10;
        recovery = {
          attempts = 5;
          backoff = 2;
          delay = 5;
          giveUp = "fail";
          interval = 600;
          maxDelay = 300;
          maxPerHour = 20;
          restart = "always";
          unhealthy = {
            after = 3;
            every = 15;
            restart = true;
          };
        };
        shares = 1;
        state = "running";
        vcpu = 1;
        vmm = "qemu";
      };
      vm5 = {
        address = "10.5.0.2";
        agent = false;
        autostart = "always";
        balloon = false;
        checks = [ ];
        dependsOn = [ ];
        dumps.guest = false;
        images = [ "var-lib-data.img" ];
        memory = 1024;
        nics = [
          {
            address = "10.5.0.2";
            bridge = "br-vm5";
            tap = "vm-vm5";
          }
        ];
        priority = 10;
        recovery = {
          attempts = 5;
          backoff = 2;
          delay = 5;
          giveUp = "fail";
          interval = 600;
          maxDelay = 300;
          maxPerHour = 20;
          restart = "always";
          unhealthy = {
            after = 3;
            every = 15;
            restart = true;
          };
        };
        shares = 1;
        state = "running";
        vcpu = 1;
        vmm = "qemu";
      };
    };
  };
}
