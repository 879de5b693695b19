// By what a node knows that a request comes from another one: an HMAC by the secret that all of them have, over what the
// request is, to which registration of a node it goes and when, and for which client. It says nothing of the body.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { PROOF_AGE } from './limits.ts'

export interface Claim {
  /** Instance of the node that it goes to: to another one, and after a restart, it is no proof. */
  readonly to: string
  readonly method: string
  readonly url: string
  /** The client's address, as the first node has it. */
  readonly client: string
}

const FORM = /^v1 (\d{1,15}) ([A-Za-z0-9_-]{43})$/

/** `now`: ms since 1970. */
export function proofOf(secret: string, claim: Claim, now: number): string {
  return `v1 ${now} ${mac(secret, claim, now).toString('base64url')}`
}

export function isProof(secret: string, claim: Claim, proof: string, now: number): boolean {
  const [, time = '', given = ''] = FORM.exec(proof) ?? []
  // Compared whatever the rest is, and without telling by the time how much of it is right.
  const right = timingSafeEqual(mac(secret, claim, Number(time)), Buffer.from(given.padEnd(43, 'A'), 'base64url'))
  return right && given !== '' && Math.abs(now - Number(time)) <= PROOF_AGE
}

function mac(secret: string, { to, method, url, client }: Claim, time: number): Buffer {
  // No field can hold a line break: they come out of HTTP's heads.
  return createHmac('sha256', secret).update(['conclave peer', time, to, method, url, client].join('\n')).digest()
}
