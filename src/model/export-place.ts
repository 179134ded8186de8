// Where a guest's file may be on the computers of all who use a fleet.yaml: nowhere that a program there takes orders or
// keys from. Which places these are nobody can list, but those of a home are hidden, or below Library or a bin.

/** Of the machine that fleet runs on, be it root's. */
const ofSystem =
  /^\/(private\/)?(applications|bin|boot|dev|etc|lib|lib32|lib64|library|nix|opt|proc|run\/systemd|run\/user\/[^/]*\/systemd|sbin|sys|system|usr|var\/(lib|spool|cron))(\/|$)/i;

/** Below it is a home, whoever's. */
const homes = /^(~|\/(home|users)\/[^/]+|(\/private)?\/var\/root|\/root)\//i;

/** Where kubectl looks for its configuration; kuberc is that of itself. */
const ofKubectl = /^\.kube\/(?!kuberc$)[^.][^/]*(\/[^.][^/]*)*$/;

export interface PlaceFault {
  readonly message: string;
  readonly hint: string;
}

const plain = 'such as ~/clusters/NAME or ~/tokens/NAME';

/**
 * What is wrong with a place; undefined: nothing.
 * @param to absolute, or below ~
 * @param isMerged only what fleet takes of a kubeconfig is written there
 */
export function placeFault(to: string, isMerged: boolean): PlaceFault | undefined {
  const parts = to.split('/').slice(1);
  // A colon separates what KUBECONFIG names.
  if (to.includes(':') || parts.some((part) => part === '' || part === '.' || part === '..'))
    return { message: `${to} is not a plain path to a file`, hint: plain };
  if (isMerged && ofKubectl.test(inHome(to) ?? '')) return undefined;
  if (!takesOrders(to, parts)) return undefined;
  const message = `${to} is a place that programs take orders or keys from: no file of a guest may be there`;
  return /(^|\/)\.kube\//.test(to) && !isMerged
    ? { message, hint: `add merge: kubeconfig, or put it elsewhere, ${plain}` }
    : { message, hint: `${plain}; a link to it is yours to make` };
}

const inHome = (to: string): string | undefined =>
  homes.test(to) ? to.replace(homes, '') : undefined;

function takesOrders(to: string, parts: readonly string[]): boolean {
  if (parts.some((part) => part.startsWith('.') || /^s?bin$/i.test(part))) return true;
  const own = inHome(to);
  return own === undefined ? ofSystem.test(to) : /^library\//i.test(own);
}
