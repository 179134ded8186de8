/** After options, if any, as sshd(8) has them in authorized_keys: `restrict,from="10.0.0.0/8"`. */
const line =
  /^([a-z][A-Za-z-]*(="[^"]*")?(,[a-z][A-Za-z-]*(="[^"]*")?)* +)?(ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)(-cert-v01@openssh\.com)? +AAAA\S*( .*)?$/;

/** Whether a text is one line of authorized_keys. */
export const isPublicKey = (text: string): boolean => line.test(text);
