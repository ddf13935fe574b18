import { getRouteApi } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { BackButton } from '../alert/AlertPage';
import { Empty } from '../show/State';

const route = getRouteApi('/tickets/$id');

/** TicketPage holds the address of a ticket until tickets have their page. */
export function TicketPage() {
  const { t } = useTranslation();
  const { id } = route.useParams();
  return (
    <div className="page scrolls">
      <BackButton label={t('alert.back')} to="/queue" />
      <Empty title={t('ticket.title', { id })}>{t('ticket.missing', { id })}</Empty>
    </div>
  );
}
