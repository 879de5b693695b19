// What an outlet needs of a connection. Adapters: ws.ts (plain WebSocket) and engine.ts (Socket.IO).

export interface Transport {
  /** False as soon as the connection is closing: nothing more is written then, quietly. */
  readonly open: boolean
  /** Bytes handed over and not yet taken by the kernel. */
  readonly unsent: number
  /** One or more finished frames; the Buffer is shared and is never changed by anyone. */
  write(chunk: Buffer): void
  /** The same for several Buffers that leave in one gather write. */
  writeAll(chunks: readonly Buffer[]): void
}
