"""Headers of quota sheets and opportunity exports, by source and field, in order of preference."""

from __future__ import annotations

from typing import Final

REP_HEADERS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "quota sheet": {
        "rep": (
            *("rep", "rep name", "sales rep", "sales representative", "account executive", "AE"),
            *("seller", "salesperson", "sales agent", "employee", "owner", "name"),
            *("Vertriebsmitarbeiter", "Mitarbeiter", "Commercial", "Comercial", "Vendedor"),
        ),
        "segment": ("segment", "team", "role", "region", "market segment", "territory"),
        "period": (
            *("period", "quarter", "month", "fiscal quarter", "fiscal period", "date"),
            *("period start", "Zeitraum", "Quartal", "Monat", "Période", "Trimestre", "Mois"),
            *("Mes", "Mês", "Período", "Periodo"),
        ),
        "year": ("year", "fiscal year", "Jahr", "Année", "Año", "Ano"),
        "start": (
            *("start", "start date", "hire date", "hired", "date hired", "joined", "employed from"),
            *("Eintritt", "Eintrittsdatum", "Date d'entrée", "Fecha de alta"),
        ),
        "end": (
            *("end", "end date", "termination date", "leave date", "left", "last day", "exit date"),
            *("Austritt", "Austrittsdatum", "Date de sortie", "Fecha de baja"),
        ),
        "quota": (
            "quota",
            "period quota",
            "target",
            "goal",
            "Ziel",
            "Objectif",
            "Objetivo",
            "Meta",
        ),
        "annual_quota": ("annual quota", "yearly quota", "quota per year"),
        "bookings": (
            *("bookings", "booked", "closed won", "won", "actual", "actuals", "achieved", "sales"),
            *("revenue", "amount", "Umsatz", "Réalisé", "Ventas", "Vendas"),
        ),
        "attainment": (
            *("attainment", "attainment %", "% attainment", "quota attainment", "% of quota"),
            *("% to quota", "quota %", "Zielerreichung", "Atteinte", "Cumplimiento"),
        ),
        "currency": ("currency", "currency code"),
        "marks": ("OTE", "base", "variable", "manager", "ramp"),
    },
}

OPPORTUNITY_HEADERS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "plain table": {
        "opportunity": ("opportunity", "opportunity_id", "deal", "deal id", "id"),
        "rep": ("rep", "sales_agent", "sales rep", "owner", "seller", "salesperson"),
        "segment": ("segment", "team", "region", "regional_office", "market segment"),
        "created": ("created", "engage_date", "created_at", "create date", "open date", "opened"),
        "closed": ("closed", "close_date", "closed_at", "won date"),
        "outcome": ("outcome", "deal_stage", "stage", "status"),
        "amount": ("amount", "close_value", "value", "deal value", "ACV", "ARR", "TCV"),
        "currency": ("currency", "currency code"),
        "marks": ("product", "account"),
    },
    "Salesforce opportunities": {
        "opportunity": ("Opportunity ID", "Id", "Opportunity Name", "Name"),
        "rep": ("Opportunity Owner", "Owner.Name", "Owner", "Owner Name", "OwnerId", "Owner ID"),
        "segment": ("Owner Role", "Opportunity Owner Role", "Segment__c", "Account Segment"),
        "created": ("Created Date", "CreatedDate"),
        "closed": ("Close Date", "CloseDate"),
        "outcome": ("Stage", "StageName"),
        "amount": ("Amount", "Amount (converted)", "ACV", "ARR"),
        "is_closed": ("Closed", "IsClosed"),
        "is_won": ("Won", "IsWon"),
        "currency": ("CurrencyIsoCode", "Opportunity Currency", "Amount Currency"),
        "marks": (
            *("Forecast Category", "ForecastCategory", "Lead Source", "LeadSource", "Type"),
            *("Primary Campaign", "CampaignId", "Probability (%)", "Fiscal Period", "Next Step"),
            *("Fiscal Quarter", "Fiscal Year", "Age", "Account Name", "AccountId"),
        ),
    },
    "HubSpot deals": {
        "opportunity": (
            *("Record ID", "hs_object_id", "Deal ID", "ID do registro", "Datensatz-ID"),
            *("ID de registro", "ID d'enregistrement", "Deal Name", "dealname"),
            *("Nome do negócio", "Deal-Name", "Nombre del negocio", "Nom de la transaction"),
        ),
        "rep": (
            *("Deal owner", "hubspot_owner_id", "Proprietário do negócio", "Deal-Inhaber"),
            *("Zuständiger Mitarbeiter", "Propietario del negocio"),
            "Propriétaire de la transaction",
        ),
        "segment": ("HubSpot Team", "hubspot_team_id", "Equipe da HubSpot", "HubSpot-Team"),
        "created": (
            *("Create Date", "createdate", "Data de criação", "Erstellungsdatum"),
            *("Fecha de creación", "Date de création"),
        ),
        "closed": (
            *("Close Date", "closedate", "Data de fechamento", "Abschlussdatum"),
            *("Fecha de cierre", "Date de fermeture"),
        ),
        "outcome": (
            *("Deal Stage", "dealstage", "Etapa do negócio", "Fase do negócio", "Deal-Phase"),
            *("Etapa del negocio", "Phase de la transaction"),
        ),
        "amount": ("Amount", "amount", "Valor", "Betrag", "Cantidad", "Valeur", "Montant"),
        "is_won": (
            *("Is Closed Won", "hs_is_closed_won", "Foi fechado como ganho", "É fechado ganho"),
            *("Ist gewonnen", "Cerrado ganado"),
        ),
        "is_closed": (
            *("Is Deal Closed?", "Is Closed", "hs_is_closed", "O negócio está fechado?"),
            *("Ist der Deal abgeschlossen?", "¿Está cerrado el negocio?"),
        ),
        "currency": ("Currency", "deal_currency_code", "Moeda", "Währung", "Moneda"),
        "marks": (
            *("Pipeline", "Deal probability", "hs_deal_stage_probability", "days_to_close"),
            *("Days to close", "Probabilidade do negócio", "Deal Type", "Forecast category"),
        ),
    },
}
