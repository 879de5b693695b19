// Bounds of the way out to sockets, each with its reason.

/**
 * Bytes that a socket may leave unread before it is closed. Checked at the start of a turn's write, so that one large
 * answer (a page of 50 encrypted messages is up to 17 MB) always fits a socket that had read everything before; a
 * reader on a 2 Mbit/s line is then four seconds behind at most per MiB. What all sockets of a room get is shared
 * memory, so that a thousand readers that stall together hold it once.
 */
export const UNSENT_BYTES = 8 * 1024 * 1024
/** Unsent bytes above which a gateway should stop reading requests of that socket: its answers alone would pile up. */
export const CONGESTED_BYTES = 1024 * 1024
/**
 * Up to this size shared and private pieces are copied into one Buffer; above it they go out by one gather write, and
 * what is shared stays shared. Measured with three pieces on loopback: 4 KB cost the same either way (11 µs, most of it
 * the kernel's), 8 KB 14 against 12, 32 KB 24 against 13.
 */
export const COPY_BYTES = 4 * 1024
/** What a packet that waits in an engine for its poll costs beside its text: object, options and array slot. */
export const HELD_PACKET_BYTES = 160
