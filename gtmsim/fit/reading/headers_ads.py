"""Headers of campaign exports, by source and field, in the order in which they are preferred.

A source's "marks" are columns that tell where a file comes from and are not read.
"""

from __future__ import annotations

from typing import Final

CAMPAIGN_HEADERS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "plain table": {
        "date": ("date",),
        "channel": ("channel", "platform", "media channel", "network", "medium", "utm_medium"),
        "campaign": ("campaign", "campaign name", "utm_campaign"),
        "spend": ("spend", "spent", "cost", "ad spend", "media spend", "media cost"),
        "conversions": ("conversions", "orders", "deals", "sales", "sign-ups"),
        "value": ("value", "revenue", "conversion value", "gross profit", "sales value"),
        "currency": ("currency", "currency code"),
    },
    "Google Ads": {
        "date": (
            *("Day", "Week", "Month", "segments.date", "segments.week", "segments.month"),
            *("Tag", "Jour", "Día", "Dia", "Giorno", "Dag", "Woche", "Monat", "Semaine", "Mois"),
        ),
        "channel": ("Campaign type", "Advertising channel type", "Kampagnentyp"),
        "campaign": (
            *("Campaign", "campaign.name", "Kampagne", "Campagne", "Campaña", "Campanha"),
            *("Campagna", "Campaign ID", "campaign.id"),
        ),
        "group": ("Ad group", "ad_group.name", "Anzeigengruppe", "Groupe d'annonces"),
        "ad": ("ad_group_ad.ad.id",),
        "spend": (
            *("Cost", "metrics.cost_micros", "cost_micros", "Kosten", "Coût", "Coste", "Costo"),
            "Custo",
        ),
        "conversions": (
            *("Conversions", "Conv.", "metrics.conversions", "Conversiones", "Conversões"),
            *("Conversioni", "Conversies", "All conv.", "metrics.all_conversions"),
        ),
        "value": (
            *("Conv. value", "Conversion value", "Total conv. value", "conversions_value"),
            *("metrics.conversions_value", "Conv.-Wert", "Conversion-Wert", "Valeur de conv."),
            *("Valor de conv.", "Valor da conv.", "Valor conv.", "Valore conv.", "Conv.waarde"),
            "All conv. value",
        ),
        "currency": ("Currency code", "Währungscode", "Code de devise", "Moneda", "Moeda"),
        "marks": (
            *("Impr.", "Impressions", "Clicks", "CTR", "Avg. CPC", "Cost / conv.", "Conv. rate"),
            *(
                "Campaign status",
                "Budget",
                "Interactions",
                "Search impr. share",
                "View-through conv.",
            ),
            *("Klicks", "Kosten/Conv.", "Conv.-Rate", "Durchschn. CPC", "Coût/conv.", "CPC moy."),
            *("Coste/conv.", "CPC medio", "Custo/conv.", "CPC médio", "metrics.clicks"),
            "metrics.impressions",
        ),
    },
    "Meta Ads": {
        "date": (
            *("Day", "Reporting starts", "date_start", "Tag", "Berichtsbeginn", "Berichtsstart"),
            *("Jour", "Début des rapports", "Día", "Inicio del informe", "Dia"),
            *("Início dos relatórios", "Giorno", "Inizio dei report", "Dag", "Begin rapportage"),
        ),
        "channel": ("Platform", "Publisher platform", "Plattform", "Plateforme", "Plataforma"),
        "campaign": (
            *("Campaign name", "campaign_name", "Kampagnenname", "Name der Kampagne"),
            *("Nom de la campagne", "Nombre de la campaña", "Nome da campanha"),
            *("Nome della campagna", "Campagnenaam", "Naam van campagne"),
        ),
        "group": (
            *("Ad set ID", "adset_id", "Ad set name", "adset_name", "Anzeigengruppenname"),
            *("Name der Anzeigengruppe", "Nom de l'ensemble de publicités"),
            *("Nombre del conjunto de anuncios", "Nome do conjunto de anúncios"),
            *("Nome del gruppo di inserzioni", "Naam van advertentieset"),
        ),
        "ad": (
            *("Ad ID", "ad_id", "Ad name", "ad_name", "Anzeigenname", "Name der Werbeanzeige"),
            *("Nom de la publicité", "Nombre del anuncio", "Nome do anúncio"),
            *("Nome dell'inserzione", "Advertentienaam", "Naam van advertentie"),
        ),
        "spend": (
            *("Amount spent", "spend", "Ausgegebener Betrag", "Montant dépensé"),
            *("Importe gastado", "Valor usado", "Valor gasto", "Montante gasto"),
            *("Importo speso", "Besteed bedrag", "Uitgegeven bedrag"),
        ),
        "conversions": (
            *("Purchases", "Website purchases", "Käufe", "Website-Käufe", "Achats"),
            *("Achats sur le site web", "Compras", "Compras en el sitio web", "Compras no site"),
            *("Acquisti", "Aankopen", "Results", "Ergebnisse", "Résultats", "Resultados"),
            *("Risultati", "Resultaten", "Leads"),
        ),
        "value": (
            *("Purchases conversion value", "Purchase conversion value", "Purchase value"),
            *("Website purchases conversion value", "Conversion-Wert von Käufen"),
            *("Conversion-Wert für Käufe", "Wert der Conversions für Käufe"),
            *("Valeur de conversion des achats", "Valor de conversión de compras"),
            *("Valor de conversão da compra", "Valor de conversão de compras"),
            *("Valore di conversione degli acquisti", "Conversiewaarde van aankopen"),
        ),
        "currency": ("Currency", "account_currency", "Währung", "Devise", "Divisa", "Moeda"),
        "marks": (
            *("Reach", "Frequency", "Result indicator", "Result type", "Cost per result"),
            *("Cost per results", "Link clicks", "Reporting ends", "Purchase ROAS", "Objective"),
            *("Attribution setting", "Campaign delivery", "Impressions", "Clicks (all)"),
            *("Reichweite", "Berichtsende", "Impressionen", "Link-Klicks"),
            *("Couverture", "Portée", "Répétition", "Fin des rapports", "Clics sur un lien"),
            *("Alcance", "Frecuencia", "Fin del informe", "Impresiones", "Clics en el enlace"),
            *("Término dos relatórios", "Encerramento dos relatórios", "Impressões"),
            *("Frequência", "Cliques no link", "Copertura", "Impressioni", "Bereik"),
        ),
    },
    "Microsoft Ads": {
        "date": ("TimePeriod", "Time period", "Gregorian date"),
        "channel": ("Campaign type", "Ad distribution"),
        "campaign": ("CampaignName", "Campaign name", "Campaign"),
        "group": ("AdGroupName", "Ad group", "Ad group name"),
        "ad": ("AdId", "Ad ID"),
        "spend": ("Spend",),
        "conversions": ("Conversions", "ConversionsQualified", "Conv.", "All conv."),
        "value": ("Revenue", "All revenue"),
        "currency": ("CurrencyCode", "Currency"),
        "marks": (
            *("AverageCpc", "Avg. CPC", "Account number", "AccountName", "Account name"),
            *("Bid strategy type", "ReturnOnAdSpend", "Return on ad spend", "CPA", "Delivery"),
        ),
    },
    "LinkedIn Ads": {
        "date": ("Start Date (in UTC)", "Start Date", "Date (in UTC)"),
        "campaign": ("Campaign Name", "Campaign ID"),
        "ad": ("Creative ID", "Ad ID", "Creative Name"),
        "spend": ("Total Spent", "Spent"),
        "conversions": ("Conversions", "Leads"),
        "value": ("Total Conversion Value", "Conversion Value"),
        "currency": ("Currency",),
        "marks": (
            *("Campaign Group Name", "Campaign Group ID", "Account Name", "Average CPM"),
            *("Average CPC", "Lead Forms Opened", "Total Engagements", "Total Social Actions"),
            *("Click Conversions", "View-Through Conversions", "Cost per Conversion"),
        ),
    },
    "TikTok Ads": {
        "date": ("Date", "By Day", "stat_time_day"),
        "campaign": ("Campaign name", "Campaign ID"),
        "group": ("Ad group ID", "Ad group name"),
        "ad": ("Ad ID", "Ad name"),
        "spend": ("Cost", "Total cost"),
        "conversions": ("Conversions", "Complete payment", "Total complete payment"),
        "value": ("Total complete payment value", "Total purchase value"),
        "currency": ("Currency",),
        "marks": ("CPM", "CPA", "CVR", "Clicks (destination)", "Video views", "Primary status"),
    },
    "Salesforce campaigns": {
        "date": ("Start Date", "StartDate", "CreatedDate"),
        "channel": ("Type", "Campaign Type"),
        "campaign": ("Campaign Name", "Name"),
        "id": ("Campaign ID", "Id"),
        "parent": ("Parent Campaign ID", "ParentId", "Parent Campaign", "Parent Campaign Name"),
        "spend": ("Actual Cost", "ActualCost", "Actual Cost in Campaign"),
        "conversions": (
            *("Won Opportunities in Campaign", "Num Won Opportunities"),
            *("NumberOfWonOpportunities", "Won Opportunities in Hierarchy"),
            "HierarchyNumberOfWonOpportunities",
        ),
        "value": (
            *("Value Won Opportunities in Campaign", "AmountWonOpportunities"),
            *("Value Won Opportunities", "Total Value Won Opportunities", "Amount Won"),
            *("Value Won Opportunities in Hierarchy", "HierarchyAmountWonOpportunities"),
        ),
        "currency": ("CurrencyIsoCode", "Campaign Currency"),
        "marks": (
            *("Budgeted Cost", "BudgetedCost", "Expected Revenue", "ExpectedRevenue", "Status"),
            *("End Date", "EndDate", "NumberOfLeads", "Leads in Campaign", "NumberOfContacts"),
            *("AmountAllOpportunities", "NumberOfOpportunities", "Num Sent", "IsActive"),
        ),
    },
    "ad table": {
        "date": ("Date",),
        "channel": ("Source",),
        "campaign": ("xyz_campaign_id", "campaign_id"),
        "group": ("fb_campaign_id", "adset_id", "ad_group_id"),
        "ad": ("ad_id", "creative_id"),
        "spend": ("Spent", "Spend", "Amount"),
        "conversions": ("Approved_Conversion", "Conversion", "Total_Conversion"),
        "value": ("Approved_Conversion_Value", "Approved_Revenue"),
        "marks": ("age", "gender", "interest"),
    },
}
