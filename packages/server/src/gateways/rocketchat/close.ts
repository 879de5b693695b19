// How this wire's sockets are closed.

/** Codes of closed sockets. 4000 is the real server's; 4001 to 4003 are ours (protocol/rocketchat.md). */
export const CLOSE = {
  LOGGED_OUT: 1000,
  STOPPING: 1001,
  PROTOCOL: 1002,
  UNSUPPORTED: 1007,
  TIMEOUT: 4000,
  ENDED: 4001,
  NOT_READING: 4002,
  FLOODING: 4003,
} as const
