// Routes about rooms and who is in them.
import type { Route } from '../route.ts'
import { channelsJoin } from './channels.join.ts'

export const ROOMS: readonly Route[] = [channelsJoin]
