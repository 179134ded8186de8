/** What every document begins with. A program looks at both before it reads the rest. */
export interface Envelope<Kind extends string> {
  readonly kind: Kind;
  /** Of this kind. A number that a program does not know is one that it cannot read: docs/json.md. */
  readonly version: 1;
}
