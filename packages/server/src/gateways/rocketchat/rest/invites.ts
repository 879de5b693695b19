// `findOrCreateInvite`, `listInvites`, `removeInvite/:id`, `useInviteToken`, `validateInviteToken`: links into rooms.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { ID_TEXT, INVITES } from '../limits.ts'
import { type Found, fullNameOf, ridOf, shortNameOf, typeOf } from '../names.ts'
import { id } from '../params.ts'
import { known } from '../rooms/access.ts'
import { branchDocument } from '../rooms/branches.ts'
import { type Invite, inviteDocument, isGood, mayInvite, openDocument } from '../rooms/invites.ts'
import { Envelope, openRoute, type RestCall, type Route, route } from '../route.ts'

const TOKEN = z.looseObject({ token: z.string().max(ID_TEXT) })

export const invites: readonly Route[] = [
  route({
    verb: 'POST',
    paths: ['/v1/findOrCreateInvite'],
    input: z.looseObject({ rid: id, days: z.number(), maxUses: z.number() }),
    async run(call, { rid, days, maxUses }) {
      const { gate, caller } = call
      const found = await known(gate, caller, rid)
      if (!found?.room.members.has(caller.account.id))
        return new MeteorError('error-invalid-room', 'The rid field is invalid', {
          method: 'findOrCreateInvite',
          field: 'rid',
        })
      const invite = await gate.invites.findOrCreate(call, found, days, maxUses)
      return invite instanceof MeteorError ? invite : openDocument(gate, invite, found)
    },
  }),
  route({
    verb: 'GET',
    paths: ['/v1/listInvites'],
    input: z.looseObject({}),
    async run(call) {
      const all: object[] = []
      for (const { found, invite } of await listed(call)) all.push(inviteDocument(invite, found))
      if (all.length > 0 || call.gate.permissions.may(call.caller.account, 'create-invite-links'))
        return new Envelope(200, all)
      return new MeteorError('not_authorized', 'Not authorized')
    },
  }),
  route({
    verb: 'DELETE',
    paths: ['/v1/removeInvite/:id'],
    input: z.looseObject({}),
    async run(call) {
      const { gate, caller } = call
      const invite = await gate.invites.get(call.param('id'))
      const found = invite && (await gate.parts.reading.room(invite.room))
      const may = found && (invite.user === caller.account.id || mayInvite(gate, caller.account, found))
      // Of links that are not theirs to remove nobody learns whether they are there.
      if (!invite || !may)
        return new MeteorError('invalid-invitation-id', 'Invalid Invitation _id', { method: 'removeInvite' })
      await gate.invites.remove(invite.id)
      return new Envelope(200, true)
    },
  }),
  route({
    verb: 'POST',
    paths: ['/v1/useInviteToken'],
    input: TOKEN,
    async run(call, { token }) {
      const found = await call.gate.invites.use(call, token)
      return found instanceof MeteorError ? found : { room: await placeOf(call, found) }
    },
  }),
  openRoute({
    verb: 'POST',
    paths: ['/v1/validateInviteToken'],
    open: true,
    input: TOKEN,
    async run({ gate }, { token }) {
      const invite = await gate.invites.named(token)
      const found = invite && (await gate.parts.reading.room(invite.room))
      return { valid: found !== undefined && invite !== undefined && isGood(invite, gate.parts.clock.now()) }
    },
  }),
]

/** Those of the rooms into which the caller may invite, and of no others: a link is a way into its room. */
async function listed({ gate, caller }: RestCall): Promise<{ found: Found; invite: Invite }[]> {
  const { reading, clock } = gate.parts
  const all: { found: Found; invite: Invite }[] = []
  for (const { id } of await reading.roomsOf(caller.account.id)) {
    const found = await reading.room(id)
    if (!found || !mayInvite(gate, caller.account, found)) continue
    const good = (await gate.invites.of(id)).filter(one => isGood(one, clock.now()))
    all.push(...good.map(invite => ({ found, invite })))
    if (all.length >= INVITES) break
  }
  return all.slice(0, INVITES).sort((a, b) => b.invite.createdAt - a.invite.createdAt)
}

async function placeOf({ gate }: RestCall, { room }: Found): Promise<object> {
  const { prid } = await branchDocument(gate.parts, room)
  return { rid: ridOf(room), t: typeOf(room), name: shortNameOf(room), fname: fullNameOf(room), prid }
}
