// `authorization:addUserToRole` and `authorization:removeUserFromRole`: everywhere, or in the room that is named.
import { z } from 'zod'
import { invalidUser, MeteorError } from '../errors.ts'
import { method } from '../method.ts'
import { list } from '../params.ts'
import { personNamed } from '../users/find.ts'
import { changeRoleOf } from '../users/role-members.ts'

export const authorizationAddUserToRole = changing('authorization:addUserToRole', true)
export const authorizationRemoveUserFromRole = changing('authorization:removeUserFromRole', false)

function changing(wireName: string, granted: boolean) {
  return method({
    name: wireName,
    params: list(z.string().max(256), z.string().max(256), z.string().max(256).nullish()),
    async run({ gate, caller }, [name, username, rid]) {
      const person = await personNamed(gate, username)
      if (!person) return invalidUser(wireName)
      const role = gate.roles.find(name)
      if (!role) return new MeteorError('error-invalid-role', 'Invalid Role', { method: wireName })
      return (await changeRoleOf(gate, caller, person, { role, rid: rid ?? undefined, granted })) ?? true
    },
  })
}
