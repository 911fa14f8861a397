# GeoDNS where there is none of one's own: Route 53 steers gw.<zone> by latency among healthy regions; <region>.gw.<zone> is never steered.
locals {
  offered = { for name, r in var.regions : name => r if !r.drained }
}

resource "aws_route53_zone" "this" {
  name    = var.zone
  comment = "Atoll: gw is steered, <region>.gw is not"
}

resource "aws_route53_record" "region" {
  for_each = var.regions

  zone_id = aws_route53_zone.this.zone_id
  name    = "${each.key}.gw.${var.zone}"
  type    = "A"

  alias {
    name                   = each.value.dns_name
    zone_id                = each.value.zone_id
    evaluate_target_health = false
  }
}

# /readyz, not /healthz: a region that joins, drains or has a wrong clock is not offered. A partition between regions makes nobody unready.
resource "aws_route53_health_check" "region" {
  for_each = var.regions

  type              = "HTTPS"
  fqdn              = "${each.key}.gw.${var.zone}"
  port              = 443
  resource_path     = "/readyz"
  request_interval  = 10
  failure_threshold = 3
  measure_latency   = true
  tags              = { Name = "atoll-${each.key}" }
}

# A drained region's record is withdrawn; nobody else's changes.
resource "aws_route53_record" "steered" {
  for_each = local.offered

  zone_id         = aws_route53_zone.this.zone_id
  name            = "gw.${var.zone}"
  type            = "A"
  set_identifier  = each.key
  health_check_id = aws_route53_health_check.region[each.key].id

  latency_routing_policy {
    region = each.value.aws_region
  }
  alias {
    name                   = each.value.dns_name
    zone_id                = each.value.zone_id
    evaluate_target_health = true
  }
}

resource "aws_cloudwatch_metric_alarm" "unhealthy" {
  for_each = var.regions

  region              = "us-east-1" # Route 53 reports there alone
  alarm_name          = "atoll-${each.key}-unhealthy"
  alarm_description   = "Region ${each.key} is not ready for its users (docs/operations.md)"
  namespace           = "AWS/Route53"
  metric_name         = "HealthCheckStatus"
  dimensions          = { HealthCheckId = aws_route53_health_check.region[each.key].id }
  statistic           = "Minimum"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  period              = 60
  evaluation_periods  = 2
  treat_missing_data  = "breaching"
  alarm_actions       = var.alarm_topic_arn == null ? [] : [var.alarm_topic_arn]
}
