// Bounds of what nodes bring to each other for their clients, each with its reason.

/** Requests of clients that are under way to other nodes: a polling client has one open all the time. */
export const PEER_REQUESTS = 10_000
/** WebSockets of sessions of other nodes: each costs two sockets and their buffers. */
export const PEER_SOCKETS = 10_000
/** ms until another node answers: it holds a poll until there is something to say, which is a ping at the latest. */
export const PEER_ANSWERS = 100_000
/** ms until it takes a WebSocket, for which nothing is waited there. */
export const PEER_UPGRADES = 5_000
/** ms for a request with its answer in all: a client may be slow in taking a large one. */
export const PEER_ENDS = 600_000
/** ms that a WebSocket says nothing in either direction, pings included. */
export const PEER_SILENCE = 120_000
/** ms for which a proof holds. By the store's clock, which all nodes share. */
export const PROOF_AGE = 30_000
/** Bytes of a refusal of a WebSocket that are handed on. */
export const REFUSAL_BYTES = 4_096
/** ms between complaints about a node that does not take our proof. */
export const COMPLAINT = 60_000
