// `getAvatarSuggestion`: pictures found elsewhere; this server looks nowhere.
import { method } from '../method.ts'
import { nothing } from '../params.ts'

export const getAvatarSuggestion = method({
  name: 'getAvatarSuggestion',
  params: nothing,
  run: async () => ({}),
})
