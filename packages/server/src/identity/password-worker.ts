// The worker of passwords.ts: one hash at a time, off the thread that serves.
import { parentPort } from 'node:worker_threads'
import { hashSync, verifySync } from '@node-rs/argon2'
import { ARGON2 } from './limits.ts'

parentPort?.on('message', ({ id, digest, against }: { id: number; digest: string; against: string | null }) => {
  const reply = { id, hash: null as string | null, matches: false }
  try {
    if (against === null) reply.hash = hashSync(digest, ARGON2)
    else reply.matches = verifySync(against, digest)
  } catch {
    // A stored hash that cannot be read fits no password.
  }
  parentPort?.postMessage(reply)
})
