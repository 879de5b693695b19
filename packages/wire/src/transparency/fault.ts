/** What a check finds wrong, as a value: it comes from a server that may lie, or from a file that somebody changed. */
export type FaultKind =
  /** An entry or a link that cannot be read. */
  | 'malformed'
  /** Entries are missing, stand twice or in another order. */
  | 'order'
  /** A hash does not follow from the one before it and the entry. */
  | 'link'
  /** The chain does not end where it is said to. */
  | 'head'
  /** It ends before a head that was seen earlier. */
  | 'rollback'
  /** It has another hash at the place of a head that was seen earlier. */
  | 'rewritten'
  /** A key is served that was never logged, or differs from what was logged. */
  | 'key.unlogged'
  /** A logged key is not served. */
  | 'key.withheld'
  /** A key is logged that its user did not register. */
  | 'key.foreign'
  /** One of the signatures that bind the two keys to each other does not verify. */
  | 'key.binding'
  /** A version that is not newer than the one before, or a fingerprint of another key. */
  | 'key.order'
  /** Somebody is served as a member whom no entry made one. */
  | 'member.ghost'
  /** A member by the chain is not served as one. */
  | 'member.withheld'
  /** Entries that say who the members are cannot be read. */
  | 'closed'
  /** The served admins are not those of the chain. */
  | 'admin'
  /** A conversation key is not newer than the one before (L2). */
  | 'epoch.order'
  /** The served key version is not the newest of the chain. */
  | 'epoch.served'
  /** A key was not wrapped for exactly the members, at registered keys (L1). */
  | 'wraps'
  /** A signature does not verify against the logged keys, or signs something else than what happened (L5). */
  | 'signature'
  /** Whoever signed it was no member then, or no admin where it takes one. */
  | 'actor'
  /** What has to be signed is not. */
  | 'unsigned'
  /** A message under a key that was not the newest, or of somebody who was no member (L3). */
  | 'message'

export interface Fault {
  readonly fault: FaultKind
  readonly of: 'user' | 'room'
  /** Of the user or the room, decimal. */
  readonly id: string
  /** Number of the chain's entry, or `sequence` of a room's log where the event is no control event. */
  readonly at: { readonly number: number } | { readonly sequence: number } | null
  /** One English phrase with ids and versions, without content. */
  readonly text: string
}
