import '@mantine/core/styles/Notification.css';
import '@mantine/notifications/styles.css';
import { Notifications } from '@mantine/notifications';

/** Toasts say what became of what one did. */
export function Toasts() {
  return <Notifications position="bottom-right" limit={4} />;
}
