/** A message about a hypervisor, with its name in front of it once. */
export function saidBy(name: string, { message }: Error): string {
  return message.startsWith(`${name} (`) || message.startsWith(`${name}:`)
    ? message
    : `${name}: ${message}`;
}
