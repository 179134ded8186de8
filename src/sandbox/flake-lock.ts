/** A flake.lock for the sandbox, which fetches nothing: revisions are made up. A real one is made by fleet. */
export const sandboxLock = `{
  "nodes": {
    "microvm": {
      "inputs": { "nixpkgs": ["nixpkgs"] },
      "locked": { "owner": "microvm-nix", "repo": "microvm.nix", "rev": "${'5'.repeat(40)}", "type": "github" },
      "original": { "owner": "microvm-nix", "repo": "microvm.nix", "type": "github" }
    },
    "nixpkgs": {
      "locked": { "owner": "NixOS", "repo": "nixpkgs", "rev": "${'7'.repeat(40)}", "type": "github" },
      "original": { "owner": "NixOS", "ref": "nixos-25.11", "repo": "nixpkgs", "type": "github" }
    },
    "root": { "inputs": { "microvm": "microvm", "nixpkgs": "nixpkgs" } }
  },
  "root": "root",
  "version": 7
}
`;
