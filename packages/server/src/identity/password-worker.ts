// The worker of passwords.ts: one hash at a time, off the thread that serves.
import { parentPort } from 'node:worker_threads'
import { hashSync, verifySync } from '@node-rs/argon2'

/** argon2id as OWASP recommends it: 19 MiB, two passes, one lane. 35 ms on the machine of the benchmark. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

parentPort?.on('message', ({ id, digest, against }: { id: number; digest: string; against: string | null }) => {
  const reply = { id, hash: null as string | null, matches: false }
  try {
    if (against === null) reply.hash = hashSync(digest, PARAMETERS)
    else reply.matches = verifySync(against, digest)
  } catch {
    // A stored hash that cannot be read fits no password.
  }
  parentPort?.postMessage(reply)
})
