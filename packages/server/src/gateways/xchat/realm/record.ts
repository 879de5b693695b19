// What a realm keeps of one user, and what each request makes of it: pure, so that the one who writes decides when.
// A guess is counted in the record that the answer to Recover2 belongs to; whoever answers writes it first.
import { timingSafeEqual } from 'node:crypto'
import type { Random } from '../../../clock.ts'
import { Refusal } from '../problem.ts'
import { LAST_GUESS } from './limits.ts'
import { evaluate } from './oprf.ts'
import type { Answer, Guess, Proof, RealmRequest, Registration } from './requests.ts'
import { encodeRegistration, not, ok, readRequest } from './requests.ts'

export interface Kept {
  /** null once the guesses are used up and the last one was not right: nothing is left to guess at. */
  readonly registration: Registration | null
  readonly guesses: number
  /** ms since 1970 of the last guess that there was; null while there are more. */
  readonly exhaustedAt: number | null
}

export interface Decision {
  readonly answer: Answer
  /** What is to be kept from now on, before the answer leaves: absent as it is, null nothing. */
  readonly keep?: Kept | null
}

export interface Circumstances {
  /** ms since 1970. */
  readonly now: number
  readonly random: Random
}

const EMPTIED: Kept = { registration: null, guesses: 0, exhaustedAt: null }

export function decide(kept: Kept | null, request: RealmRequest, around: Circumstances): Decision {
  switch (request.name) {
    case 'Register1':
      return { answer: ok('Register1') }
    case 'Register2':
      return { answer: ok('Register2'), keep: { registration: request.members, guesses: 0, exhaustedAt: null } }
    case 'Delete':
      return { answer: ok('Delete'), ...(kept === null ? {} : { keep: null }) }
    case 'Recover1':
    case 'Recover2':
    case 'Recover3':
      return recover(kept, request, around)
  }
}

function recover(kept: Kept | null, request: RealmRequest, around: Circumstances): Decision {
  const { name } = request
  if (kept === null) return { answer: not(name, 'NotRegistered') }
  const { registration, guesses, exhaustedAt } = kept
  if (registration === null) return { answer: not(name, 'NoGuesses') }
  if (exhaustedAt !== null && around.now - exhaustedAt > LAST_GUESS)
    return { answer: not(name, 'NoGuesses'), keep: EMPTIED }
  // Recover3 asks for the outcome of a guess that was counted, maybe as the last one.
  if (request.name === 'Recover3') return third(registration, guesses, request.members)
  if (guesses >= registration.policy.num_guesses) return { answer: not(name, 'NoGuesses') }
  if (request.name === 'Recover2') return second(registration, guesses, request.members, around)
  return { answer: ok(name, { version: registration.version }) }
}

function second(registration: Registration, guesses: number, sent: Guess, { now, random }: Circumstances): Decision {
  if (!isSame(registration.version, sent.version)) return { answer: not('Recover2', 'VersionMismatch') }
  const { num_guesses } = registration.policy
  const guess_count = guesses + 1
  const { result, proof } = evaluate(registration.oprf_private_key, sent.oprf_blinded_input, random)
  const answer = ok('Recover2', {
    oprf_signed_public_key: registration.oprf_signed_public_key,
    oprf_blinded_result: result,
    oprf_proof: proof,
    unlock_key_commitment: registration.unlock_key_commitment,
    num_guesses,
    guess_count,
  })
  const exhaustedAt = guess_count >= num_guesses ? now : null
  return { answer, keep: { registration, guesses: guess_count, exhaustedAt } }
}

function third(registration: Registration, guesses: number, sent: Proof): Decision {
  if (!isSame(registration.version, sent.version)) return { answer: not('Recover3', 'VersionMismatch') }
  if (!isSame(registration.unlock_key_tag, sent.unlock_key_tag)) {
    const guesses_remaining = registration.policy.num_guesses - guesses
    return { answer: not('Recover3', 'BadUnlockKeyTag', { guesses_remaining }) }
  }
  const { encryption_key_scalar_share, encrypted_secret, encrypted_secret_commitment } = registration
  const answer = ok('Recover3', { encryption_key_scalar_share, encrypted_secret, encrypted_secret_commitment })
  return guesses === 0 ? { answer } : { answer, keep: { registration, guesses: 0, exhaustedAt: null } }
}

/** In constant time: the lengths are those of the shape. */
function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}

/** As the store has it: the registration in the form in which it came. Secrets are not encrypted once more, since the
 * key for it would lie in the same database. */
export function textOf({ registration, guesses, exhaustedAt }: Kept): string {
  const sent = registration && Buffer.from(encodeRegistration(registration)).toString('base64')
  return JSON.stringify({ registration: sent, guesses, exhaustedAt })
}

/** Throws for what `textOf` has not made. */
export function keptOf(text: string): Kept {
  const { registration, guesses, exhaustedAt } = JSON.parse(text) as Omit<Kept, 'registration'> & {
    readonly registration: string | null
  }
  if (registration === null) return { registration, guesses, exhaustedAt }
  const request = readRequest(Buffer.from(registration, 'base64'))
  if (request instanceof Refusal || request.name !== 'Register2') throw new Error('a record of a realm cannot be read')
  return { registration: request.members, guesses, exhaustedAt }
}
