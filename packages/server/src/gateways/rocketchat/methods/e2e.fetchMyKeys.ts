// `e2e.fetchMyKeys`: the caller's own pair, the private half as it was wrapped (rocketchat.md 5.2).
import { method } from '../method.ts'
import { nothing } from '../params.ts'

export const e2eFetchMyKeys = method({
  name: 'e2e.fetchMyKeys',
  params: nothing,
  async run({ gate, caller }) {
    const pair = await gate.parts.identity.keyPairs.of(caller.account.id)
    return pair ? { public_key: pair.publicKey, private_key: pair.privateKey } : {}
  },
})
