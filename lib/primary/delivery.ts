/**
 * What has to be known of the way of a message before it counts. The service is the choice of its sender, and a member
 * that chooses a weaker one could make some members decide what others never hear.
 */

/** `agreed`: it has one place in the order of its group. `safe`: besides, all hear it if anybody does before the signal. */
export type Delivery = 'agreed' | 'safe';

/** Whether a message of that service, one of the six, comes as surely as one with `needed`. */
export const isAsSureAs = (needed: Delivery, service: string): boolean =>
  service === 'safe' || service === needed;
