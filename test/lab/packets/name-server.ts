/** Answers any question of a DNS query with one IPv4 address. */
export function answer(query: Buffer, address: string): Buffer {
  const headerBytes = 12;
  // The first question ends with an empty label, its type and its class.
  const end = query.indexOf(0, headerBytes) + 5;
  const header = Buffer.from(query.subarray(0, headerBytes));
  // A response, recursion available, one question, one answer.
  header.writeUInt16BE(0x8180, 2);
  [1, 1, 0, 0].forEach((count, n) => {
    header.writeUInt16BE(count, 4 + 2 * n);
  });
  const isA = query.readUInt16BE(end - 4) === 1;
  if (!isA) header.writeUInt16BE(0, 6);
  // The name of the question again, type A, class IN, a minute, four bytes.
  const record = Buffer.from([0xc0, headerBytes, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
  const data = Buffer.from(address.split('.').map(Number));
  const question = query.subarray(headerBytes, end);
  return Buffer.concat([header, question, ...(isA ? [record, data] : [])]);
}
