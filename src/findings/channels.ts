import { channel } from 'node:diagnostics_channel'

/** The diagnostics channels of the package; a message costs nothing while nobody listens. */
export const channels = {
  protect: channel('nat-keepalive:protect'),
  override: channel('nat-keepalive:override'),
  idle: channel('nat-keepalive:idle'),
  dying: channel('nat-keepalive:dying'),
  lost: channel('nat-keepalive:lost'),
  kernel: channel('nat-keepalive:kernel'),
}
