// Group commit: a batch of items in one statement, which is one transaction: no lock outlives a round trip. Everything is
// decided and written by `conclave.commit`, from what follows from the items themselves; sequences, ids, times and hashes
// are given there, under the rows of the rooms' heads.
//
// What stands beside the logs is written row by row, by functions of the files that read it. Each such file exports its
// `WRITES`, the text of those functions (CREATE OR REPLACE FUNCTION conclave.… in plpgsql), which stands among FUNCTIONS
// (postgres/functions.ts). A row comes as it is in the port (store.ts), as jsonb made by `storedJson`; what the port's row
// does not hold itself (a body as JSON text, a folded and indexed name, a fingerprint's canonical text) is put beside it by
// the file's own `xRow(row)`, which commit.ts calls:
//
//   identity.ts     identityRow(row: IdentityRow): unknown
//                   conclave.write_identity(r jsonb) RETURNS void     versions: of what stands there, plus one
//                   conclave.refuse_identity(r jsonb) RETURNS jsonb   r: array of an item's rows, in order; NULL where all may
//                                                                     be written, else {"by": "7"} or {"by": null} (`taken`)
//   documents.ts    conclave.write_document(r jsonb) RETURNS void       documentRow(row)
//   outgoing.ts     conclave.write_outgoing(r jsonb, room bigint, base bigint) RETURNS void
//                                                                     base: the sequence before the append's first event,
//                                                                     so `event` i stands at base + 1 + i
//   receipts.ts     conclave.write_receipt(r jsonb, now bigint) RETURNS void   `cursor`, `acks`, `seen`
//   hidden.ts       conclave.write_hidden(r jsonb) RETURNS void
//                   conclave.join_hidden(room bigint, sequence bigint) RETURNS void   a message was erased
//   marks.ts        conclave.write_star(r jsonb) RETURNS void
//   memberships.ts  conclave.write_kept(r jsonb) RETURNS void
//
// Receipts come after everything else of the batch, with the heads as they are then; the head row of the room of each row
// that names one is locked (FOR NO KEY UPDATE), and so is, by an advisory lock, what guards name and rows change (account,
// channel, keys, document). Functions say `conclave.` before every table, name arguments so that none is a column's, and
// take their locks in no order of their own.
export {}
